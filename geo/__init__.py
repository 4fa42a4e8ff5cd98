"""Places and shapes of Japan; knows nothing of disasters or agreements."""
