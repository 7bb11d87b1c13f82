"""Causes that wait, warn or end; the words are those of kubelet 1.36 and containerd 2.1."""

import pytest

from pi_mesh.checks.startup_causes import CAUSES, Verdict, cause_of, everything, is_hopeless, line
from pi_mesh.cluster.pod_lifecycle import NO_ADDRESS, Startup
from tests.support.findings import case, table

FAILED = 'failed to pull and unpack image "docker.io/istio/pilot:1.22.8": '
UNPACK = f'{FAILED}failed to resolve reference "docker.io/istio/pilot:1.22.8": '
HEAD = f"{UNPACK}unexpected status from HEAD request: "
ERR, BACK_OFF, CRASH = "ErrImagePull", "ImagePullBackOff", "CrashLoopBackOff"
MMAP = "external/com_github_google_tcmalloc/tcmalloc/system-alloc.cc:625] MmapAligned() failed"


@table(
    (ERR, f"{HEAD}429 Too Many Requests", "too many requests", "wait"),
    (BACK_OFF, "toomanyrequests: unauthenticated pull rate", "too many requests", "wait"),
    (ERR, f"{UNPACK}failed to do request: Head: dial tcp: i/o timeout", "timeout", "wait"),
    (ERR, f"{FAILED}failed to copy: unexpected EOF", "timeout", "wait"),
    (ERR, f"{UNPACK}dial tcp 10.0.0.1:5000: connect: connection refused", "timeout", "wait"),
    (ERR, f"{UNPACK}dial tcp: lookup registry.lan: no such host", "timeout", "wait"),
    (ERR, f"{UNPACK}docker.io/istio/pilot:1.22.8: not found", "not in the registry", "end"),
    (ERR, f"{HEAD}401 Unauthorized", "login refused", "end"),
    (ERR, "pull access denied, may require authorization", "login refused", "end"),
    (ERR, f"{FAILED}no match for platform in manifest: not found", "wrong architecture", "end"),
    (CRASH, "exec /usr/local/bin/pilot-agent: exec format error", "wrong architecture", "end"),
    (CRASH, f"Error, exit code 134 {MMAP}", "39-bit addresses", "end"),
    ("InvalidImageName", "couldn't parse image name", "invalid name", "end"),
    ("ErrImageNeverPull", "Container image is not present with pull policy of Never", "not on the node", "end"),
    ("Unschedulable", "0/3 nodes are available: 3 Insufficient memory.", "no node", "warn"),
    (CRASH, "OOMKilled, exit code 137", "out of memory", "warn"),
    (CRASH, "Error, exit code 1", "crash", "warn"),
    ("CreateContainerConfigError", 'secret "cacerts" not found', "configuration", "warn"),
    (CRASH, "Error, exit code 1: 10.0.0.1: connection refused, 401", "crash", "warn"),
    (NO_ADDRESS, "", "no address", "warn"),
)
def test_a_cause_is_known_by_its_words_in_the_message_or_the_log(word, message, name, verdict):
    for startup in (Startup("pod a/b", word, message), Startup("pod a/b", word, "", log=("started", message))):
        cause = cause_of(startup)
        assert cause
        assert (cause.name, cause.verdict) == (name, verdict)


@pytest.mark.parametrize("word", ["pulling", "starting", "not Ready"])
def test_a_pod_that_is_under_way_has_no_cause(word):
    assert cause_of(Startup("pod a/b", word, 'Pulling image "docker.io/istio/pilot:1.22.8"')) is None


@table(
    (BACK_OFF, "not found", 2, False),
    (BACK_OFF, "not found", 3, True),
    (BACK_OFF, "401 Unauthorized", 2, False),
    (BACK_OFF, "401 Unauthorized", 4, True),
    (BACK_OFF, "429 Too Many Requests", 50, False),
    ("InvalidImageName", "", 0, True),
    (CRASH, "", 0, False),
    ("starting", "", 0, False),
)
def test_a_missing_image_and_a_refused_login_have_three_tries_and_an_invalid_name_none(word, message, tries, hopeless):
    assert is_hopeless(Startup("pod a/b", word, message, tries=tries)) is hopeless


def test_what_passes_by_itself_is_never_ended():
    waits = {cause.name for cause in CAUSES if cause.verdict is not Verdict.END}
    assert waits >= {"too many requests", "timeout", "no node", "out of memory", "no address"}


FAILED_TWICE = Startup("pod a/b", BACK_OFF, "429 Too Many Requests", "istio/pilot:1", tries=2)
PULLING = Startup("pod a/b", "pulling", "Pulling image", "istio/pilot:1", tries=1)


@table(
    case("failed", FAILED_TWICE, "ImagePullBackOff (too many requests, 2 pulls failed): istio/pilot:1"),
    case("pulling", PULLING, "pulling: istio/pilot:1"),
    case("crashed", Startup("pod a/b", CRASH, "Error\nof old"), "CrashLoopBackOff (crash): Error"),
    case("starting", Startup("pod a/b", "starting"), "starting"),
)
def test_a_line_has_the_cause_the_failed_pulls_and_the_image_or_the_message(startup, shown):
    assert line(startup) == f"pod a/b: {shown}"


def test_everything_about_a_pull_is_its_line_the_message_the_log_and_the_advice():
    pull = Startup("pod a/b", BACK_OFF, "429 Too Many Requests", log=("last line",))
    _, message, log, advice = everything(pull).splitlines()
    assert (message, log) == ("    429 Too Many Requests", "    | last line")
    assert advice.strip()


@pytest.mark.parametrize("startup", [Startup("pod a/b", "starting", "soon"), Startup("pod a/b", ERR)])
def test_everything_about_a_pod_without_a_failed_pulls_message_is_its_line(startup):
    assert everything(startup).splitlines() == [f"  {line(startup)}"]
