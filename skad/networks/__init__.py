"""Architectures alone: one torch module per file.

Imports torch, and nothing of skad.
"""
