"""The front door: takes events in and shows cases. It never speaks to IBM Cloud."""
