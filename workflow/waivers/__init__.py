"""What is accepted on purpose: by a comment, by the configuration, or since the beginning.

:class:`~workflow.waivers.judge.Judge` is where all of it meets what the gates find.
"""
