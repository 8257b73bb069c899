"""What the product promises about speed, measured against floors in the same process (``make bench``)."""
