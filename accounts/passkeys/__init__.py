"""Passkeys: keys of a device (WebAuthn) that are a second factor, or the whole sign-in."""
