"""Programs and expressions that nobody has read, run without network, processes, or a place to write to.

Read first: bubblewrap.py (`run`, `serving`: a program in bubblewrap), processes.py (its limits, its output, its end).
seccomp.py is the filter of system calls. inside/ holds what runs within: its text is handed in, since nothing of this
package can be seen there. evaluation.py keeps the scorers of others from running answers as code.
"""
