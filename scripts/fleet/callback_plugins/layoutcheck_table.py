# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints the fleet's table as the last thing on the screen, without the quotes of JSON around it."""

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: layoutcheck_table
type: aggregate
short_description: prints what layoutcheck.yml found on all hosts
description: The table that layoutcheck.yml leaves in the custom statistics, below the recap.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "layoutcheck_table"

    def v2_playbook_on_stats(self, stats):
        table = stats.custom.get("_run", {}).get("layoutcheck_table")
        if table:
            self._display.display(table)
