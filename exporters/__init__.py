"""Printing of layers and extracts as files that open in Excel, QGIS and a browser without internet."""
