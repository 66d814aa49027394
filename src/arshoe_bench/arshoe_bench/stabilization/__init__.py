"""What `bench stabilizer` is made of: rendered clips, keypoint noise, measures, tuning, plots."""
