"""Lists of API objects."""

import gc
from contextlib import suppress

from pi_mesh.cluster.listing import no_search_for_cycles


def test_pythons_garbage_collector_is_on_again_after_a_read_that_failed():
    with suppress(OSError), no_search_for_cycles():
        assert not gc.isenabled()
        raise OSError
    assert gc.isenabled()


def test_a_garbage_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with no_search_for_cycles():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
