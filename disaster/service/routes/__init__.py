"""Routes, one module a noun; they call public functions and hold no rule."""
