"""Packs of evidence as zip files: written, and read by who trusts nothing in them.

What stands in them is made in ``workers.offboarding.pack``; this room knows files only.
"""
