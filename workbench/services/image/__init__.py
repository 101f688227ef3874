"""Views of one image: detail, outlines, pictures, counterfactuals."""
