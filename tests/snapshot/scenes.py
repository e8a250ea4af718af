# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots in situations that take more than a fixture."""

SCENES = []
