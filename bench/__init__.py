"""What `make bench` runs. Figures are ratios to something measured in the same minute, so that machines compare."""
