"""Sheets: one flow for every import and export (DESIGN 3).

Upload → guarded parse → strict header or column profile → COPY into staging → validation and comparison in SQL →
preview → apply in chunks → result. A room declares its sheets in ``<room>/sheets.py``; nothing here knows a room.
"""
