"""Merchants and their life: who sells, who may act for them."""
