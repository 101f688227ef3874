"""Attribution methods, one a file: the contribution of each patch to each distilled dimension."""
