"""A step that is stopped halfway while another goes on, and then ends.

A thread of its own holds the stopped step; only one of the two ever runs, so what
happens is the same each time.
"""

from threading import Semaphore, Thread, current_thread


class Aside:
    """Something done up to a certain gate, and to its end later."""

    def __init__(self, do, gates):
        self._do, self._left = do, gates
        self._mine, self._theirs = Semaphore(0), Semaphore(0)
        self._error, self._is_over = None, False
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def is_here(self):
        """Tell whether it is the step aside that asks."""
        return current_thread() is self._thread

    def begin(self):
        """Do it until it stands at its gate; return then."""
        self._thread.start()
        self._mine.acquire()

    def passes(self):
        """Stop here if this is the gate, and it is the step aside that passes."""
        if not self.is_here:
            return
        self._left -= 1
        if self._left == 0:
            self._mine.release()
            self._theirs.acquire()

    def end(self):
        """Have it go on to its end."""
        if not self._is_over:
            self._theirs.release()
            self._mine.acquire()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self):
        try:
            self._do()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error
        self._is_over = True
        self._mine.release()
