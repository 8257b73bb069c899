"""Rectification plans (整改单): asked by the merchant's manager, answered, proven, looked at again."""
