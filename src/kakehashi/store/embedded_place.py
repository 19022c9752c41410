"""Where the embedded server lives: data, socket, binaries, and the user it runs as.

PostgreSQL refuses to run as root. Started by root, it runs as a system user that is made for it; when that
user cannot reach the home folder (mode 700), the data lies under /var/lib/kakehashi and `home/postgres` is a
link to it, so that no permission of the operator's own folders is changed.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kakehashi.store.migrate import APP_ROLE

SYSTEM_USER = "kakehashi-db"
_ROOTS_OWN = Path("/var/lib/kakehashi")
_LONGEST_SOCKET = 107  # bytes of a Unix socket's path; unix(7)
_SOCKET_NAME = "/.s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of one embedded server; uid and gid are None when it runs as the caller."""

    data: Path
    socket: Path
    locks: Path
    binaries: Path
    uid: int | None
    gid: int | None

    @property
    def url(self) -> str:
        """The URL that connects over the socket as the superuser, who owns the tables."""
        return self._url("postgres")

    @property
    def app_url(self) -> str:
        """The URL that connects over the socket as the application's role."""
        return self._url(APP_ROLE)

    def _url(self, login: str) -> str:
        return f"postgresql://{login}@/postgres?host={quote(str(self.socket), safe='/')}"


def prepare(home: Path, binaries: Path) -> Place:
    """Make the folders (mode 700) and return the place. `home` is made when missing."""
    home = home.expanduser().resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = _server_user() if os.geteuid() == 0 else None
    data = _data_folder(home, user)
    owned(data, user)
    reachable_binaries = _binaries(binaries, user)
    socket = owned(socket_folder(data, user.pw_uid if user else os.geteuid()), user)
    ids = (user.pw_uid, user.pw_gid) if user else (None, None)
    return Place(data, socket, home, reachable_binaries, *ids)


def known(home: Path, binaries: Path) -> Place | None:
    """Return the place if it was prepared before; makes nothing."""
    home = home.expanduser().resolve()
    data = (home / "postgres").resolve()
    if not (data / "PG_VERSION").exists():
        return None
    return Place(data, socket_folder(data, data.stat().st_uid), home, binaries, None, None)


def socket_folder(data: Path, uid: int) -> Path:
    """Return the folder of the socket: the data folder, or a short one of our own when its path is too long."""
    if len(os.fsencode(data)) + len(_SOCKET_NAME) <= _LONGEST_SOCKET:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path("/tmp") / f"kakehashi-{uid}-{name}"  # noqa: S108 - mode 700 and owner are checked in owned()


def reachable(folder: Path, user: pwd.struct_passwd) -> bool:
    """Say whether `user` can walk down to `folder` (the folder itself left aside)."""
    for parent in folder.parents:
        facts = parent.stat()
        bit = 0o100 if facts.st_uid == user.pw_uid else 0o010 if facts.st_gid == user.pw_gid else 0o001
        if not facts.st_mode & bit:
            return False
    return True


def owned(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Make `folder` (mode 700) the server's own. Raises PermissionError when it is someone else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = user.pw_uid if user else os.geteuid()
    if user and folder.stat().st_uid == 0:
        os.chown(folder, user.pw_uid, user.pw_gid)
    if folder.is_symlink() or folder.stat().st_uid != wanted:
        raise PermissionError(f"{folder} belongs to another user")
    folder.chmod(0o700)
    return folder


def _data_folder(home: Path, user: pwd.struct_passwd | None) -> Path:
    link = home / "postgres"
    if link.exists() or user is None or reachable(link, user):
        return link.resolve()
    # A name of its own each time: a home that was removed leaves its data, whose keys and passwords are gone with it.
    data = _ROOTS_OWN / f"{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}-{secrets.token_hex(4)}"
    data.mkdir(mode=0o700, parents=True)
    _ROOTS_OWN.chmod(0o711)
    try:
        link.symlink_to(data)
    except FileExistsError:  # another process was first
        data.rmdir()
    return link.resolve()


def _binaries(binaries: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the folder of the programs; a copy outside when the server's user cannot reach the installed one."""
    if user is None or reachable(binaries / "bin" / "postgres", user):
        return binaries
    stamp = hashlib.sha256(
        f"{binaries}{(binaries / 'bin/postgres').stat().st_mtime_ns}".encode()
    ).hexdigest()[:16]
    copy = _ROOTS_OWN / f"programs-{stamp}"
    if not copy.exists():
        _ROOTS_OWN.mkdir(mode=0o711, parents=True, exist_ok=True)
        half = copy.with_suffix(f".{os.getpid()}")
        package = binaries.parent
        shutil.copytree(binaries, half / package.name / binaries.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # bundled libraries, found from $ORIGIN
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        half.rename(copy)
    return copy / binaries.parent.name / binaries.name


def _server_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(  # noqa: S603 - fixed arguments
            [
                "/usr/sbin/useradd",
                "--system",
                "--no-create-home",
                "--shell",
                "/usr/sbin/nologin",
                SYSTEM_USER,
            ],
            check=True,
        )
        return pwd.getpwnam(SYSTEM_USER)
