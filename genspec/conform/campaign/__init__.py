"""A randomised comparison of a decoder with the reference, in chunks that any executor runs.

Guide: docs/guide/campaign.md.
"""
