"""Who is asking: each way to sign in has a file; `ways.py` chooses between them."""
