"""Where frames come from (bag, video, image folder, camera) and go to (mp4, poses.jsonl, summary.json)."""
