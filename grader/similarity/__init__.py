"""Code that two submissions share: fingerprints of token sequences, and what an index of them finds in a class."""
