"""The only room that speaks to IBM Cloud; its SDK and its errors end here."""
