"""Whole databases as rows that belong to no engine: read out of one in a single moment, put into an empty one whole.

One form serves `backup`, `restore` and `copy`. This package knows rows and the file they are kept in; which files of
messages go with them, and what a person is told, is the commands' affair.
"""
