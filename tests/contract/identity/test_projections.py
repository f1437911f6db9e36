"""The segments are a projection of the facts: always what they say, and made from them again at any time."""
