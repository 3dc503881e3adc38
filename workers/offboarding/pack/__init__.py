"""Evidence as people read it: pages and tables made of the signed chain alone. Pure.

Whoever verifies a pack makes all of it again from the chain and compares byte by byte.
So nothing here may depend on a clock, a setting, a library's version or a word that
another room may change: what is rendered is fixed by ``members.VERSION``, and a test
holds a pack of each version against it.
"""
