import asyncio
import websockets
import json

async def connect():
    uri = "ws://localhost:8000/ws?token=your-auth-token"
    
    async with websockets.connect(uri) as websocket:
        print("Connected to WebSocket server")
        
        # Receive messages
        async for message in websocket:
            data = json.loads(message)
            print(f"Received: {data['type']}")
            print(f"Data: {data}")

asyncio.run(connect())
