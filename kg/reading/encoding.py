"""Bytes to text: UTF-8 only, a byte order mark allowed."""

from __future__ import annotations

from kg.findings import Finding, Where, finding

_BOM = b"\xef\xbb\xbf"
# Byte order marks of encodings that spreadsheets write by mistake.
_FOREIGN = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def decode(data: bytes, name: str) -> str | Finding:
    """The text, or a finding with the line of the first byte that is not UTF-8."""
    for mark, encoding in _FOREIGN:
        if data.startswith(mark):
            return finding(
                "read-not-utf8", where=Where(name, line=1), byte=f"0x{data[0]:02X}", column=1, guess=encoding
            )
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + (len(_BOM) if data.startswith(_BOM) else 0)
        start = data.rfind(b"\n", 0, offset) + 1
        return finding(
            "read-not-utf8",
            where=Where(name, line=data.count(b"\n", 0, offset) + 1),
            byte=f"0x{data[offset]:02X}",
            column=len(data[start:offset].removeprefix(_BOM).decode("utf-8")) + 1,
            guess=_guess(data),
        )


def _guess(data: bytes) -> str:
    """The likely encoding: Windows-1251 where most bytes above 127 are Cyrillic letters in it, else a Latin one."""
    high = [byte for byte in data if byte > 127]
    return "Windows-1251" if sum(byte >= 0xC0 for byte in high) * 10 >= len(high) * 9 and len(high) > 3 else "Latin-1"
