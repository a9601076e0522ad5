"""The screens: pages, templates, static files. Draws what the resources declare; knows no business."""
