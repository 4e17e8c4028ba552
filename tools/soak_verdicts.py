"""What the measurements of tools/soak say."""
import collections
import statistics

Sample = collections.namedtuple("Sample", "time timelines processes pss coordinator_pss log_bytes")
Verdict = collections.namedtuple("Verdict", "name holds said")

# A second's work may be lost; a busy machine may write it a second later.
LOG_AGE_MAX = 2.0
GROWTH_MAX = 1.25


def leftovers(kills, ends):
    left = sorted({thing for stop in kills + ends for thing in stop.left})
    if left:
        return Verdict("leftovers", False, "%d, such as %s" % (len(left), ", ".join(left[:3])))
    if any(stop.ended_before for stop in kills + ends):
        return Verdict("leftovers", False, "the search ended by itself: see its output")
    slowest = max((stop.gone_after for stop in kills), default=0)
    return Verdict("leftovers", True, "%d kills, all gone after %.2f s at most" % (len(kills), slowest))


def flat(name, samples, half, value, unit, slack):
    """Neither median nor maximum of the second half is a quarter, and slack, above the first half's."""
    early = [value(sample) for sample in samples if sample.time < half]
    late = [value(sample) for sample in samples if sample.time >= half]
    if len(early) < 3 or len(late) < 3:
        return Verdict(name, False, "only %d and %d samples in the halves" % (len(early), len(late)))

    def grew(measure):
        return measure(late) > GROWTH_MAX * measure(early) + slack
    said = "median %.1f, then %.1f; at most %.1f, then %.1f" % (
        statistics.median(early) / unit, statistics.median(late) / unit, max(early) / unit, max(late) / unit)
    return Verdict(name, not grew(statistics.median) and not grew(max), said)


def log(kills, ends):
    stops = kills + ends
    if not ends:
        return Verdict("log", False, "the search was not resumed to its end")
    if not all(stop.kept_prefix for stop in stops):
        return Verdict("log", False, "what had been logged was changed")
    if not all(stop.appended for stop in ends):
        return Verdict("log", False, "the last sitting logged nothing")
    oldest = max((stop.log_age for stop in kills), default=0)
    idle = sum(not stop.appended for stop in kills)
    for stop in ends:
        if kills and stop.resumed_after != stop.expected:
            return Verdict("log", False, "resumed after %s timelines of %s" % (stop.resumed_after, stop.expected))
    if idle > len(kills) / 2:
        return Verdict("log", False, "%d of %d killed sittings had logged nothing" % (idle, len(kills)))
    said = "at most %.2f s old when killed; %d of %d sittings killed before they logged" % (
        oldest, idle, len(kills))
    return Verdict("log", oldest <= LOG_AGE_MAX, said)


def bugs(kills, ends):
    lost = sorted({number for stop in kills + ends for number in stop.lost_bugs})
    if lost:
        return Verdict("bugs", False, "lost or changed: " + ", ".join(map(str, lost)))
    return Verdict("bugs", True, "%s on disk after the kills" % ", ".join(
        str(stop.bugs) for stop in kills + ends))
