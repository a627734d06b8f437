"""What AWS documents and every part of this project computes with: numbers with their sources, arithmetic on them.

It imports nobody, and everybody may import it.
"""
