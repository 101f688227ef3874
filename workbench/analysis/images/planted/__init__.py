"""Planted patterns: photographs edited in one known region, in one known way.

Ground truth for detection, localisation and clustering. The edits are as weak as a frozen encoder
at 224 pixels can detect; people see them when they know where to look. One module holds the edits
of one or two families; `kinds` names them all and says which ones are kept aside.
"""
