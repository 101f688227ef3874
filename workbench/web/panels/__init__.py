"""What one panel shows, gathered from services: a page has several, a picture takes one."""
