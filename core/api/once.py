"""The Idempotency-Key of calls whose work is done in transactions of its own, such as the upload of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import delete

from core.kernel import idempotency
from core.web.work import Replayed

if TYPE_CHECKING:
    from core.web.requests import Request
    from core.web.responses import Response


def once(request: Request, work: Callable[[], Response]) -> Response:
    """The answer of `work`, which is kept: the same request sent again gets it without doing the work anew.

    Reading a file takes long, so the key is taken and settled in short transactions around it; what is refused gives
    the key back.
    """
    key, me = request.work.key, request.principal.user_id
    if key is None:
        return work()
    database = request.platform.database
    with database.transaction(write=True) as connection:
        answer = idempotency.claim(connection, me, *key)
    if answer is not None:
        raise Replayed(answer)
    try:
        response = work()
    except BaseException:
        mine = (idempotency.RequestKey.user_id == me, idempotency.RequestKey.key == key[0])
        with database.transaction(write=True) as connection:
            connection.execute(delete(idempotency.RequestKey).where(*mine))
        raise
    headers = {name.lower(): value for name, value in response.headers}
    told = idempotency.Answer(
        response.status, headers.get("location", ""), "", response.content_type, response.body.decode("utf-8")
    )
    with database.transaction(write=True) as connection:
        idempotency.settle(connection, me, key[0], told)
    return response
