"""An address as a QR code, drawn as one SVG path: no picture file, no inline style that a strict policy refuses."""

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

QUIET = 4  # modules of white around it, as the standard asks


def drawn(text: str) -> dict[str, object]:
    """``size`` in modules, quiet zone with it, and ``path`` of the dark ones."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(
        f"M{across} {down}h1v1h-1z"
        for down, row in enumerate(rows)
        for across, dark in enumerate(row)
        if dark
    )
    return {"size": len(rows), "path": path}
