"""How a pack travels: plain, in a ZIP that AES-256 protects, or as a workbook that Excel opens with a password.

The clause says which. The password is told apart from the pack, by another way; it never stands in the ledger, the
manifest, a log or an error.
"""

import secrets
from io import BytesIO
from pathlib import Path

import pyzipper
from msoffcrypto.format.ooxml import OOXMLFile

#: Signs that are not mistaken for one another when read out on the telephone.
_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUPS, _LENGTH = 5, 4

PLAIN, AES_ZIP, EXCEL_PASSWORD = "plain", "aes_zip", "excel_password"


def new_password() -> str:
    """Return a password of 99 bits, in groups that can be read out: ``k7mp-3wxa-…``."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def lock_workbook(path: Path, password: str) -> None:
    """Encrypt an XLSX file in its place as Excel does (agile encryption, AES-256 with SHA-512; ECMA-376, MS-OFFCRYPTO).

    The plain workbook is in memory and in the file that is replaced, nowhere else.
    """
    locked = BytesIO()
    with path.open("rb") as plain:
        OOXMLFile(plain).encrypt(password, locked)
    path.write_bytes(locked.getvalue())


def open_locked_zip(target: Path, password: str) -> pyzipper.AESZipFile:
    """Return a new ZIP file for writing whose members AES-256 protects (WinZip AE-2); their names stay readable."""
    archive = pyzipper.AESZipFile(target, "w", compression=pyzipper.ZIP_DEFLATED)
    archive.setpassword(password.encode())
    archive.setencryption(pyzipper.WZ_AES, nbits=256)
    return archive
