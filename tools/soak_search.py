"""A search that can be killed and resumed, and all that it has in the system: for tools/soak."""
import collections
import ctypes
import glob
import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import time

GONE_WITHIN = 2.0  # seconds after the coordinator's death
PR_SET_CHILD_SUBREAPER = 36
MAGIC = b"moonpool records"

# What the log holds: timelines, and its bytes up to the last whole record.
Logged = collections.namedtuple("Logged", "timelines intact")

# A kill, or the end in order: what was left of the search then, and what it had saved.
Stop = collections.namedtuple(
    "Stop", "left gone_after log_age appended kept_prefix resumed_after expected bugs lost_bugs ended_before")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """Number and value of each field of a serialized message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[kind]
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def timelines_of(record):
    """How many timelines a LogRecord adds (explorer/directory/log.proto): LoggedBatch.count."""
    return sum(value for number, batch in fields(record) if number == 2
               for field, value in fields(batch) if field == 2)


class LogReader:
    """Follows a search.log as it grows."""

    def __init__(self, path):
        self.path = path
        self.logged = Logged(0, 0)
        self.sha = hashlib.sha256()

    def read(self):
        """All that is there by now."""
        try:
            with open(self.path, "rb") as log:
                log.seek(self.logged.intact)
                data = log.read()
        except FileNotFoundError:
            return self.logged
        timelines, at = self.logged.timelines, 0
        if self.logged.intact == 0 and data.startswith(MAGIC):
            at = len(MAGIC)
        while at + 8 <= len(data):
            size = int.from_bytes(data[at:at + 4], "little")
            if at + 8 + size > len(data):
                break
            timelines += timelines_of(data[at + 8:at + 8 + size])
            at += 8 + size
        self.sha.update(data[:at])
        self.logged = Logged(timelines, self.logged.intact + at)
        return self.logged

    def prefix_is_kept(self):
        """Whether the file still begins with what was read of it."""
        try:
            with open(self.path, "rb") as log:
                return hashlib.sha256(log.read(self.logged.intact)).digest() == self.sha.digest()
        except FileNotFoundError:
            return self.logged.intact == 0


def processes():
    """pid -> parent, of all but zombies; zombies."""
    parents, zombies = {}, set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as f:
                state, parent = f.read().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(name)] = int(parent)
        if state in "ZX":
            zombies.add(int(name))
    return parents, zombies


def descendants():
    """Of this process, alive; zombies count only as parents."""
    parents, zombies = processes()
    children = collections.defaultdict(list)
    for pid, parent in parents.items():
        children[parent].append(pid)
    found, todo = [], list(children[os.getpid()])
    while todo:
        pid = todo.pop()
        todo += children[pid]
        if pid not in zombies:
            found.append(pid)
    return found


def pss(pid):
    try:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            return sum(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))
    except (FileNotFoundError, ProcessLookupError):
        return 0  # has ended


def files_of(pids, since):
    """Paths that these processes have open or mapped, of files that were made since then."""
    found = set()
    for pid in pids:
        for link in glob.glob("/proc/%d/fd/*" % pid) + glob.glob("/proc/%d/map_files/*" % pid):
            try:
                found.add(os.readlink(link))
            except OSError:
                pass
    return {path for path in found if path.startswith("/") and not path.startswith("/proc/")
            and was_made(path, since)}


def was_made(path, since):
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_ctime >= since


def shared_segments(pids):
    """System V shared memory that these processes made."""
    try:
        with open("/proc/sysvipc/shm") as f:
            rows = [line.split() for line in f.readlines()[1:]]
    except FileNotFoundError:
        return []
    return ["shmid " + row[1] for row in rows if int(row[4]) in pids]


class Search:

    def __init__(self, explorer, arguments, out):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if os.path.exists(out):
            raise SystemExit(out + " is there already: give another --out")
        self.explorer = explorer
        self.program = os.path.realpath(explorer)  # may change meanwhile: a profiler links to it
        self.out = out
        self.command = [explorer, "explore", arguments.campaign, "--workers=%d" % arguments.workers,
                        "--seed=%d" % arguments.seed, "--out=" + out, *arguments.flags]
        self.work = out + ".soak"
        self.temporary = self.work + "/tmp"
        os.makedirs(self.temporary)
        self.log = LogReader(out + "/search.log")
        self.made_at = time.time()
        self.sittings = 0
        self.child = None
        self.half = None
        self.begun_with = Logged(0, 0)
        self.known_bugs = {}
        self.seen_pids = set()
        self.exit_code = None

    # Running.

    def start(self, seconds):
        self.begun_with = self.log.read()
        command = self.command + ["--time_limit=%.3fs" % max(seconds, 1)]
        if self.begun_with.intact > 0:
            command.append("--resume")
        self.sittings += 1
        self.output = "%s/sitting-%d" % (self.work, self.sittings)
        with open(self.output, "w") as output:
            self.child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT,
                                          stdin=subprocess.DEVNULL, start_new_session=True,
                                          env={**os.environ, "TMPDIR": self.temporary})

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def wait(self, seconds):
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def logged(self):
        return self.log.read()

    def log_bytes(self):
        try:
            return os.stat(self.log.path).st_size
        except FileNotFoundError:
            return 0

    def usage(self):
        pids = descendants()
        self.seen_pids.update(pids)
        share = {pid: pss(pid) for pid in pids}
        return {"processes": len(pids), "pss": sum(share.values()),
                "coordinator_pss": share.get(self.child.pid, 0)}

    def copy_once(self):
        """The directory as it is now, in the middle of things; a second call does nothing."""
        if self.half is None and self.log.read().timelines > 0:
            self.half = self.work + "/half"
            shutil.copytree(self.out, self.half, ignore=shutil.ignore_patterns(".tmp-*"))

    # Ends.

    def kill(self):
        ended_before = not self.is_running()
        pids = descendants()
        self.seen_pids.update(pids)
        files = files_of(pids, self.made_at)
        if not ended_before:
            os.kill(self.child.pid, signal.SIGKILL)
        return self._stopped(files, time.time(), ended_before)

    def finish(self):
        """Of a search that has ended in order."""
        self.child.wait()
        self.exit_code = self.child.returncode
        return self._stopped(set(), None, self.exit_code not in (0, 1))

    def _stopped(self, files, killed_at, ended_before):
        self.child.wait()
        left, gone_after = self._wait_for_the_rest()
        left += sorted(path for path in files if os.path.exists(path) and path != self.program
                       and not path.startswith((self.out + "/", self.output)))
        left += shared_segments(self.seen_pids)
        left += [os.path.join(self.temporary, name) for name in os.listdir(self.temporary)]
        if killed_at is None:  # those of a killed writer are removed by the next sitting
            left += glob.glob(self.out + "/**/.tmp-*", recursive=True)
        logged = self.log.read()
        bugs = self._bugs()
        lost = sorted(n for n, identity in self.known_bugs.items() if bugs.get(n) != identity)
        self.known_bugs.update(bugs)
        appended = logged.timelines > self.begun_with.timelines
        age = 0.0
        if appended and killed_at is not None:
            age = killed_at - os.stat(self.log.path).st_mtime
        return Stop(left=left, gone_after=gone_after, log_age=age, appended=appended,
                    kept_prefix=self.log.prefix_is_kept(), resumed_after=self._resumed_after(),
                    expected=self.begun_with.timelines, bugs=len(bugs), lost_bugs=lost,
                    ended_before=ended_before)

    def _wait_for_the_rest(self):
        """Processes that are left after 2 s, and when the last one was gone."""
        start = time.monotonic()
        while True:
            self._reap()
            left = descendants()
            passed = time.monotonic() - start
            if not left or passed > GONE_WITHIN:
                return ["process %d" % pid for pid in left], passed
            time.sleep(0.01)

    def _reap(self):
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            pass

    def end_all(self):
        """Whatever went wrong: nothing of the search stays."""
        for _ in range(100):
            left = descendants()
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._reap()
            if not left:
                return
            time.sleep(0.02)

    def _resumed_after(self):
        """What a sitting that ended in order said, or None."""
        with open(self.output, errors="replace") as f:
            said = re.search(r"^resumed after ([\d,]+) timeline", f.read(), re.MULTILINE)
        return int(said.group(1).replace(",", "")) if said else None

    def _bugs(self):
        """Number -> identity, of the recipes on disk."""
        bugs = {}
        for path in glob.glob(self.out + "/bugs/*.textproto"):
            with open(path, errors="replace") as f:
                identity = re.search(r"^\s*identity: (\d+)", f.read(), re.MULTILINE)
            bugs[int(os.path.basename(path).split(".")[0])] = identity and identity.group(1)
        return bugs

    def merge(self, directories):
        """The bytes of merged.parts, or None."""
        out = "%s/merged-%d" % (self.work, len(glob.glob(self.work + "/merged-*")))
        done = subprocess.run([self.explorer, "merge", *directories, "--out=" + out], stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
        with open(out + "/merged.parts", "rb") as f:
            return f.read()
