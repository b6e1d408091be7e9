"""Verifiers: whether a sample answers its problem. One module each, and one line in `table.py`.

Judging has two steps. An answer is found in the text, in this process and cheaply (`Verifier.extract`). Then it is
compared with the reference, in a worker process that is killed when it takes too long (`boundary.sampling.judging`);
equal pairs of reference and answer are judged once. A verifier is a value; a user's own is `module:function`.

Read first: spec.py (the record), exact.py (the shortest one), table.py (VERIFIERS). math.py and number.py judge
mathematics, choice.py letters, vision.py answers to images, gym.py by reasoning-gym's scorers, code.py programs;
user.py calls a function of the user's.
"""
