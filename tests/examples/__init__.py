"""The programs in examples/, used as their readers would, and docs/app.md walked as it stands."""
