"""The method: tensors in, tensors out. No web, no SQL, no environment, no clock."""
