"""What people use today instead, each written as whoever needs it would write it.

Those that take keys over share one small client (`cloud`) and are played on the account
that the service is measured on: `sequential` is a script, `naive` the same loop in a
Celery task, `chord` a task a target. Nothing in them knows a line of the service.
"""
