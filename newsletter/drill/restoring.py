"""An old copy of the database is put back after the send went on: it must be noticed, and then made good."""

from newsletter.drill.run import Run
from newsletter.models import SENDING
from newsletter.wiring.restoring import after_restore


def restore_an_old_copy(run: Run) -> tuple[str, ...]:
    """A line when senders began with the old copy as if it were the newest; nothing when all is well.

    The copy is taken now; nothing happens while the issue is no further than a draft.
    """
    if run.state() not in SENDING:
        return ()
    with run.closed():
        run.stage.copy(run.scene)
    run.act()
    with run.closed():
        run.stage.put_back(run.scene)
    before = run.sendgrid.requests
    sent_since = bool(run.app.mark.doubts())
    run.act()
    if sent_since and run.sendgrid.requests > before:
        return ("an old copy of the database was sent from",)
    after_restore(run.app)
    return ()
