"""The laboratory: runs that take longer than a page may, each with a record that pages quote.

python -m experiments.bias       does a network without bias do better? writes experiments/results/bias.json
"""
