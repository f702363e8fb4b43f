"""All of torch and skorch that is no architecture: batches, training, scoring.

Imports torch, skorch, `skad._series`, `skad._estimators` and `skad.networks`.
"""
