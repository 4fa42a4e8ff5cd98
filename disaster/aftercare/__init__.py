"""After the release: what left is called back, its deletion receipted, and our own copies are destroyed in time.

Expiry stops our own use; for what was handed over it is a duty of the other side, not a lock. So
everything here speaks to people: a notice, a receipt, a list of whom to call, a checklist.
"""
