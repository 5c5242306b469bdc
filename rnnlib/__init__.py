"""The small package behind *Recurrent Networks, Checked*: what a reader or student of the book needs.

Import what you need from its rooms: `rnnlib.claims` (statements that are checked), `rnnlib.nn` (networks with
hand-derived gradients), `rnnlib.data`, `rnnlib.training`, `rnnlib.torch_twin`, `rnnlib.agree`.
"""
